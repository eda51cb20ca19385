"""The one class of errors that a user can mend."""


class EdgedigitsError(Exception):
    """Something the user can put right: a file, an option, a missing package.

    The command line prints it as ``Error: what happened; what to do`` and exits with code 1. Anything else that is
    raised is a bug and keeps its traceback.
    """

    def __init__(self, what: str, remedy: str) -> None:
        self.what = what
        self.remedy = remedy
        super().__init__(f"{what}; {remedy}")
