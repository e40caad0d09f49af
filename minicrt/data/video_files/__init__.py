"""Video files: decoded by PyAV, cut into clips, kept as arrays on the disk, and handed out in batches"""

from minicrt.data.video_files.decoding import BrokenVideo, Film, read_film
from minicrt.data.video_files.folder import load_video_folder
from minicrt.data.video_files.reading import VideoReading
from minicrt.data.video_files.video_data import VideoData, VideoFile, video_data

__all__ = ["BrokenVideo", "Film", "VideoData", "VideoFile", "VideoReading", "load_video_folder", "read_film",
           "video_data"]
