"""What a file that breaks the schema of frameworks is told: one sentence for each fault."""

from django.utils.translation import gettext as _

from clinic.assessments.arithmetic.framework_rules import FrameworkFault
from clinic.lib.arithmetic.messages import gettext_noop

SENTENCES = {
    "not_toml": gettext_noop("The file is no valid TOML: %(what)s."),
    "schema_unknown": gettext_noop("The file must say schema = 1; it says %(schema)s."),
    "framework_malformed": gettext_noop("A field is missing or cannot be read: %(what)s."),
    "source_missing": gettext_noop("The source lacks these fields: %(fields)s."),
    "tree_empty": gettext_noop("The framework has no node."),
    "duplicate_code": gettext_noop("The code %(node)s is used more than once."),
    "kind_unknown": gettext_noop("%(node)s is of the kind “%(kind)s”, which does not exist."),
    "parent_missing": gettext_noop(
        "%(node)s belongs under %(parent)s, which does not stand before it."
    ),
    "scale_invalid": gettext_noop(
        "The scale %(scale)s is not sound: letters fall from 1 to 0, a value has a maximum above 0."
    ),
    "scale_missing": gettext_noop("%(node)s earns points and needs a scale."),
    "input_is_scored": gettext_noop("%(node)s only counts and may have no scale that is scored."),
    "rubric_invalid": gettext_noop(
        "The rubric of %(node)s explains the letter %(letter)s, which its scale lacks."
    ),
    "formula_invalid": gettext_noop(
        "The formula of %(node)s is missing, is one too many or does not fit the counts below it."
    ),
    "weight_negative": gettext_noop("The weight of %(node)s is below 0."),
    "weights_do_not_sum": gettext_noop("The weights below %(node)s do not make up its own weight."),
    "aggregate_missing": gettext_noop(
        "%(node)s does not say how points below it add up: sum, mean or weight."
    ),
    "two_change_areas": gettext_noop("%(node)s stands in more than one change area: %(areas)s."),
    "change_area_unknown": gettext_noop(
        "%(node)s names a change area that does not exist: %(areas)s."
    ),
    "threshold_invalid": gettext_noop(
        "The test %(threshold)s asks for something that is not in the framework."
    ),
    "categories_unordered": gettext_noop("The categories do not fall from the highest minimum."),
}
# Where the details say more than the plain sentence of the code does.
_CLOSER = {
    ("scale_missing", "scale"): gettext_noop(
        "%(node)s names the scale %(scale)s, which does not exist."
    ),
    ("formula_invalid", "same_as"): gettext_noop(
        "%(node)s is said to be the same as %(same_as)s, which does not exist."
    ),
    ("weights_do_not_sum", "expected"): gettext_noop(
        "The weights below %(node)s are %(found)s; they should be %(expected)s."
    ),
    ("threshold_invalid", "line"): gettext_noop(
        "The line %(line)s of the test %(threshold)s measures something unknown."
    ),
    ("threshold_invalid", "node"): gettext_noop(
        "The test %(threshold)s asks for %(node)s, which is not in the framework."
    ),
    ("threshold_invalid", "precondition"): gettext_noop(
        "The precondition %(precondition)s belongs to a test that does not exist."
    ),
}
_WHOLE = gettext_noop("The weights of the framework are %(found)s; they should be %(expected)s.")


def told(fault: FrameworkFault) -> FrameworkFault:
    """Return the fault with its sentence, in the language of the reader."""
    details = {name: _plain(value) for name, value in fault.details.items()}
    message = _(_sentence(fault.code, details)) % details
    return FrameworkFault(message, code=fault.code, details=fault.details)


def _sentence(code: str, details: dict[str, str]) -> str:
    if code == "weights_do_not_sum" and "node" not in details:
        return _WHOLE
    closer = (
        sentence for (of, name), sentence in _CLOSER.items() if of == code and name in details
    )
    return next(closer, SENTENCES[code])


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
