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
    """An array handed to an operation or a model has the wrong shape, dtype or range."""


class TrainingError(MinicrtError):
    """Training cannot go on: a loss, gradient or parameter is no longer finite."""


class ConformanceError(MinicrtError):
    """A port differs from the reference, raised an error, or what it handed in cannot be read or compared."""
