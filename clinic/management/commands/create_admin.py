"""The first administrator: person, account, grant, and a one-use activation slip."""

import argparse
import json
from typing import Any

from django.core.management.base import BaseCommand

from clinic.lib.errors import Refused
from clinic.people import activation

REFUSED = 1


class Command(BaseCommand):
    """``create_admin --nip NIP | --email MAIL``: run again, a new slip replaces the old."""

    help = "Make the first administrator and print a one-use activation slip."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        who = parser.add_mutually_exclusive_group(required=True)
        who.add_argument("--nip", default="")
        who.add_argument("--email", default="")
        parser.add_argument("--name", default="", help="name with titles; may be mended later")
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            slip, counts = activation.create_admin(
                nip=options["nip"], email=options["email"], name=options["name"]
            )
        except Refused as refused:
            self.stderr.write(refused.message)
            if options["as_json"]:
                problem = {"where": "", "code": refused.code, "message": refused.message}
                self.stdout.write(json.dumps({"ok": False, "counts": {}, "problems": [problem]}))
            raise SystemExit(REFUSED) from None
        self.stdout.write(f"{slip.account.person.name} ({slip.account.login_name})")
        self.stdout.write(slip.address)
        self.stdout.write(f"{slip.expires_at:%Y-%m-%d %H:%M} UTC")
        if options["as_json"]:
            printed = {"address": slip.address, "expires_at": slip.expires_at.isoformat()}
            self.stdout.write(
                json.dumps({"ok": True, "counts": counts, "problems": [], "slip": printed})
            )
