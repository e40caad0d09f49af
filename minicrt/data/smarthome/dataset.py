"""Toyota Smarthome from the folder that its users have"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from minicrt.configuration import checked_choice
from minicrt.data.names import path_of, printable
from minicrt.data.smarthome.names import parse_name
from minicrt.data.smarthome.protocols import PROTOCOLS, Protocol
from minicrt.data.smarthome.skeletons import read_skeletons
from minicrt.data.video_files.cache import frames_cache
from minicrt.data.video_files.decoding import pyav
from minicrt.data.video_files.folder import digest, video_files
from minicrt.data.video_files.reading import VideoReading
from minicrt.data.video_files.video_data import PARTS, Say, VideoData, VideoFile, to_standard_error, video_data
from minicrt.errors import DataError

VIDEOS, SKELETONS = "mp4", "skeletonv12"
HOW = ("Toyota Smarthome is given on request, under a licence for research: ask for it at "
       "https://project.inria.fr/toyotasmarthome, and give the folder that holds mp4/*.mp4")
EXAMPLE = "Cook.Cleandishes_p03_r00_v02_c01.mp4"
TENTH = 10
MOST_SHOWN = 3


def load_smarthome(folder: str | Path, protocol: str = "CS", reading: VideoReading | None = None,
                   cache_dir: str | Path | None = None, say: Say | None = None) -> VideoData:
    """The videos of FOLDER/mp4/*.mp4, with the joints of FOLDER/skeletonv12/*_pose3d.json where they are there.

        data = load_smarthome("Smarthome", "CV2", VideoReading(size=224, stride=32))
        for batch in data.batches("train", 4, np.random.default_rng(0)):
            for segment in batch: ...                        # frames (B, F, H, W, 3), joints (B, F, 13, 2)

    Arguments
        folder      as its users have it
        protocol    "CS", "CV1" or "CV2", see `smarthome.protocols`
        reading     which frames, and how large
        cache_dir   where they are kept; the user's cache where it is left out
        say         is called with each line about files that are not used; without it they go to standard error
    Files whose names are of another form are named and left out, those of classes and cameras that the protocol does
    without are left out. Raises DataError where the data set is not there, PyAV is missing, or nothing can be read.
    """
    checked_choice("protocol", protocol, tuple(PROTOCOLS), "Toyota Smarthome")
    place = path_of(folder)
    files = files_in(place)
    pyav()
    tell = to_standard_error if say is None else say
    parts = in_parts(files, PROTOCOLS[protocol], place / SKELETONS, tell)
    if not parts["train"]:
        raise DataError(f"{printable(place)}: none of its {len(files):,} videos is one that {protocol} trains on; "
                        f"names are like {EXAMPLE}")
    return video_data(f"smarthome-{protocol}", PROTOCOLS[protocol].classes, parts, reading or VideoReading(),
                      frames_cache() if cache_dir is None else path_of(cache_dir), tell, read_skeletons)


def files_in(place: Path) -> list[Path]:
    """Raises DataError, which says how the data set is asked for, where it is not there."""
    if not place.is_dir():
        raise DataError(f"there is no folder {printable(place)}; {HOW}")
    inner = place / VIDEOS
    files = video_files(inner) if inner.is_dir() else []
    if not files:
        raise DataError(f"{printable(place)} has no videos in a folder {VIDEOS}; {HOW}")
    return files


def in_parts(files: Sequence[Path], protocol: Protocol, skeletons: Path, tell: Say
             ) -> Mapping[str, Sequence[VideoFile]]:
    """The files of each part"""
    numbers = {name: number for number, name in enumerate(protocol.classes)}
    parts: dict[str, list[VideoFile]] = {part: [] for part in PARTS}
    other = []
    for file in files:
        name = parse_name(file.stem)
        if name is None:
            other.append(printable(file.name))
            continue
        part = protocol.part(name)
        if part is None or name.activity not in numbers:
            continue
        skeleton = skeletons / f"{file.stem}_pose3d.json"
        parts[part].append(VideoFile(file, numbers[name.activity], name.subject, name.camera,
                                     skeleton if skeleton.is_file() else None))
    if other:
        more = f" and {len(other) - MOST_SHOWN:,} more" if len(other) > MOST_SHOWN else ""
        tell(f"{', '.join(other[:MOST_SHOWN])}{more}: not named like {EXAMPLE}, and left out")
    if not parts["valid"]:
        keep_a_tenth(parts)
    return parts


def keep_a_tenth(parts: dict[str, list[VideoFile]]) -> None:
    """Move every tenth of each class's training videos, in the order of their names' digests, to the validation part;
    the first of a class stays."""
    by_class: dict[int, list[VideoFile]] = {}
    for file in sorted(parts["train"], key=lambda file: digest(file.path.name)):
        by_class.setdefault(file.label, []).append(file)
    kept_out = {file.path for files in by_class.values() for file in files[TENTH - 1::TENTH]}
    parts["valid"] = [file for file in parts["train"] if file.path in kept_out]
    parts["train"] = [file for file in parts["train"] if file.path not in kept_out]
