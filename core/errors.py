"""The one class of errors that a user can mend, and that of what goes on all the same."""


class EdgedigitsError(Exception):
    """Something the user can put right: a file, an option, a missing package.

    The command line prints it as ``Error: what happened; what to do`` and exits with code 1. Anything else that is
    raised is a bug and keeps its traceback.
    """

    def __init__(self, what: str, remedy: str) -> None:
        self.what = what
        self.remedy = remedy
        super().__init__(f"{what}; {remedy}")


class EdgedigitsWarning(UserWarning):
    """Something that goes on, but not as the user may think.

    The command line prints it on standard error as ``Warning: what happens; what to do``.
    """

    def __init__(self, what: str, remedy: str) -> None:
        self.what = what
        self.remedy = remedy
        super().__init__(f"{what}; {remedy}")
