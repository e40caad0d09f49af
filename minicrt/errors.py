"""The errors a user may meet. Each message is one line: what was got, what was expected, what to do."""


class MinicrtError(Exception):
    """Base of every error that minicrt raises on purpose; the command line prints it without a traceback."""


class ConfigurationError(MinicrtError):
    """A configuration key is unknown, or its value has the wrong type, is out of range, or contradicts another."""


class DataError(MinicrtError):
    """A corpus cannot be found, read, decoded, verified or cut into segments."""


class CheckpointError(MinicrtError):
    """A checkpoint or run folder is truncated, damaged, of another configuration, or already in use."""


class InputError(MinicrtError):
    """An argument is not what a function takes: its type, or an array's shape, dtype or range."""


class UnknownNameError(InputError, KeyError):
    """A mapping has no entry of that name."""

    def __str__(self) -> str:                                # a KeyError shows its message in quotation marks
        return Exception.__str__(self)


class TrainingError(MinicrtError):
    """Training cannot go on: a loss, gradient or parameter is no longer finite."""


class ConformanceError(MinicrtError):
    """A port differs from the reference, raised an error, or what it handed in cannot be read or compared."""
