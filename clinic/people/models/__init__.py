"""Units, persons, accounts and grants."""

from clinic.people.models.accounts import Account, fold_login_name
from clinic.people.models.activations import Activation
from clinic.people.models.persons import Grant, Membership, Person, PersonMerge
from clinic.people.models.units import Unit, UnitSuccession

__all__ = [
    "Account",
    "Activation",
    "Grant",
    "Membership",
    "Person",
    "PersonMerge",
    "Unit",
    "UnitSuccession",
    "fold_login_name",
]
