"""Contact data as lists show them: enough to recognise, too little to use (security 10)."""

KEPT_IN_FRONT, KEPT_BEHIND = 2, 2
SHORTEST = 6


def mask_phone(phone: str) -> str:
    """Write ``08**-****-*12``: two characters in front, two behind."""
    if not phone:
        return ""
    if len(phone) < SHORTEST:
        return "**-****-***"
    return f"{phone[:KEPT_IN_FRONT]}**-****-*{phone[-KEPT_BEHIND:]}"


def mask_email(email: str) -> str:
    """Write ``b***@contoh.test``: the first letter and the domain."""
    if not email:
        return ""
    local, at, domain = email.partition("@")
    return f"{local[:1]}***{at}{domain}"
