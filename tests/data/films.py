"""Small video files, encoded here: each frame is of one grey, or of halves, so that it is known again when decoded"""

from fractions import Fraction

import numpy as np

RATE = 25


def grey(level, width, height):
    return np.full((height, width, 3), level, np.uint8)


def levels(count):
    """Greys that are as far apart as so many can be"""
    return np.linspace(20, 235, count).round().astype(int)


def encode(path, pictures, times=None, audio=False, options=None, codec="mpeg4"):
    """An MP4 file of these pictures (H, W, 3), 25 a second, or at these times in 1/1000 s; with a tone besides."""
    import av

    height, width = pictures[0].shape[:2]
    with av.open(str(path), "w", format="mp4", options=options or {}) as container:
        stream = container.add_stream(codec, rate=RATE)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.bit_rate, stream.gop_size = 4_000_000, 4
        if times is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        sound = container.add_stream("aac", rate=16_000) if audio else None
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            if times is not None:
                frame.pts, frame.time_base = times[number], Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
        if sound is not None:
            tone = np.sin(np.arange(16_000) / 5).astype(np.float32)[None]
            frame = av.AudioFrame.from_ndarray(tone, format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 16_000, 0
            container.mux(sound.encode(frame))
            container.mux(sound.encode())
    return path


def grey_film(path, count=12, width=32, height=24, **settings):
    """A film of `levels(count)`, one frame each"""
    return encode(path, [grey(level, width, height) for level in levels(count)], **settings)


def brightness(frames):
    """The mean of each frame (L, H, W, 3)"""
    return frames.reshape(len(frames), -1).mean(1)
