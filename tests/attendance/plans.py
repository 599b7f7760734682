"""What an organiser types into the steps of a plan, and where each step stands."""

SESSION = {
    "simpan": "sesi",
    "title": "Pagi",
    "day": "2030-05-20",
    "starts": "08:30",
    "ends": "12:00",
    "is_required": "on",
    "group": "hari",
}


def what(cast, **fields):
    """The first step, filled in by the organiser of the cast."""
    unit = cast.organiser.memberships.get().unit
    return {"title": "Klinik Baru", "kind": "coaching-clinic", "unit": unit.slug, **fields}


def step(event, name):
    return f"/panitia/{event.code}/atur/{name}"
