"""The static files of the test client: found once, as a server finds them, not for each browser."""

from whitenoise.base import WhiteNoise
from whitenoise.middleware import WhiteNoiseMiddleware

_find = WhiteNoiseMiddleware.add_files_from_finders
_found: dict[str, WhiteNoise] = {}


def find_once() -> None:
    """Let every browser of this process share the table of the first."""

    def add_files_from_finders(self: WhiteNoiseMiddleware) -> None:
        if self.static_prefix not in _found:
            _find(self)
            _found[self.static_prefix] = self
        self.files = _found[self.static_prefix].files

    WhiteNoiseMiddleware.add_files_from_finders = add_files_from_finders
