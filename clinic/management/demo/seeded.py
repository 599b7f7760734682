"""What looks random in the demo and is the same on every machine (contract 2)."""

import random
from uuid import UUID

SEED = "klinik-rb-contoh-1"


def seeded_uuid(name: str) -> UUID:
    """Return the UUID of the thing of this name; whoever draws lots by it draws the same ones."""
    drawn = random.Random(f"{SEED}:uuid:{name}").getrandbits(128)  # noqa: S311 - sample data
    return UUID(int=drawn, version=4)
