"""The cache that all processes share: Redis, and while that is away a table of the database (R5).

What counts tries at the log-in must neither lock everybody out nor let everything through when
Redis is down: it goes on counting in the table, from nought.
"""

import time
from collections.abc import Callable
from typing import Any, ClassVar

import structlog
from django.core.cache import caches
from django.core.cache.backends.redis import RedisCache
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

SPARE = "spare"
SECONDS_OF_SILENCE = 15

logger = structlog.get_logger(__name__)


def _make_method(verb: str) -> Callable[..., Any]:
    def ask(self: "SharedCache", *args: Any, **kwargs: Any) -> Any:
        return self._ask(verb, *args, **kwargs)

    return ask


class SharedCache(RedisCache):
    """Asks Redis once and shortly; one that fails is not asked again for a quarter of a minute."""

    _away_until: ClassVar[float] = 0.0

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        # Redis is asked in the middle of a request: no second try, no wait without end.
        one_try = {"socket_connect_timeout": 1, "socket_timeout": 1, "retry": Retry(NoBackoff(), 0)}
        self._options: dict[str, Any] = {**one_try, **self._options}

    add = _make_method("add")
    get = _make_method("get")
    set = _make_method("set")
    touch = _make_method("touch")
    delete = _make_method("delete")
    has_key = _make_method("has_key")
    incr = _make_method("incr")
    get_many = _make_method("get_many")
    set_many = _make_method("set_many")
    delete_many = _make_method("delete_many")
    clear = _make_method("clear")

    def _ask(self, verb: str, *args: Any, **kwargs: Any) -> Any:
        if time.monotonic() >= SharedCache._away_until:
            try:
                return getattr(super(), verb)(*args, **kwargs)
            except RedisError as error:
                SharedCache._away_until = time.monotonic() + SECONDS_OF_SILENCE
                logger.warning("cache_is_away", fault=type(error).__name__)
        return getattr(caches[SPARE], verb)(*args, **kwargs)
