"""``make bench``: the product beside a bare Django application (docs/reference/bench.md)."""
