"""The bytes of one file from a server, whatever the server answers."""

import http.client
import os
import urllib.error
import urllib.request
from pathlib import Path

from minicrt.data.names import printable
from minicrt.data.source import Source
from minicrt.errors import DataError

BLOCK = 1 << 16
TIMEOUT = 30.0                          # seconds without an answer

# What urllib and http.client raise for an answer that is none: a redirect to http://[bad/ or to port 99999, a chunk of
# -5 bytes, a header without end.
NO_ANSWER = (OSError, http.client.HTTPException, ValueError, OverflowError)


def transfer(source: Source, part: Path) -> None:
    """Bring `part`, which exists, to its full size: with what it lacks, or from the start.

    Raises DataError for a server that cannot be reached, breaks off or gives no sensible answer; what came is kept.
    """
    from tqdm import tqdm

    have = part.stat().st_size
    if have == source.size:                             # whole, but the last attempt ended before the rename
        return
    response, have = _open(source, have if have < source.size else 0)
    announced = source.size if response.length is None else have + response.length
    with (response, part.open("ab" if have else "wb") as file,
          tqdm(desc=part.stem, total=source.size, initial=have, unit="B", unit_scale=True, disable=None) as bar):
        # One byte too many is enough to know that it is another file.
        while have <= source.size and (block := _read(response, source)):
            file.write(block)
            have += len(block)
            bar.update(len(block))
        file.flush()
        os.fsync(file.fileno())
    if have < announced and have < source.size:
        raise DataError(f"{source.url} broke off after {have:,} of {source.size:,} bytes; run this again to resume")


def _open(source: Source, start: int) -> tuple[http.client.HTTPResponse, int]:
    """The answer to a request for the file from byte `start` on, and the byte at which the answer really starts."""
    headers = {"User-Agent": "minicrt", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    try:
        response = urllib.request.build_opener().open(urllib.request.Request(source.url, headers=headers),
                                                      timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        error.close()
        if start and error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            return _open(source, 0)
        raise _unusable(source, f"answered {error.code} {error.reason}") from None
    except NO_ANSWER as error:
        raise DataError(f"cannot reach {source.url}: {printable(str(getattr(error, 'reason', error)).strip())}; "
                        "check the network and run this again") from None
    if not isinstance(response, http.client.HTTPResponse):
        response.close()
        raise _unusable(source, f"sent on to {response.url}, which is not HTTP")
    if response.status != http.HTTPStatus.PARTIAL_CONTENT:
        return response, 0                              # a server that does not know ranges sends the whole file
    if start and response.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
        return response, start
    response.close()
    if start:
        return _open(source, 0)
    raise _unusable(source, "answered with a part of the file when asked for the whole")


def _unusable(source: Source, what: str) -> DataError:
    what = printable(" ".join(what.split()))
    return DataError(f"{source.url} {what}; try again later, or put the file into place by hand as {source.path}")


def _read(response: http.client.HTTPResponse, source: Source) -> bytes:
    try:
        return response.read(BLOCK)
    except NO_ANSWER as error:
        raise DataError(f"{source.url} broke off: {printable(str(error))}; run this again to resume") from None
