"""Sentences for what became of a save, in the reader's language."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from quizzes.arithmetic.saving import Decision

SENTENCES = {
    "stale": gettext_lazy(
        "This answer was changed in another tab or device. Choose which to keep."
    ),
    "attempt_closed": gettext_lazy(
        "The attempt is over. The last change does not count but is recorded for the organisers."
    ),
    "unknown_option": gettext_lazy("The question has no such option."),
    "exclusive": gettext_lazy("This option cannot be ticked together with another."),
    "blank_without_clear": gettext_lazy(
        "An empty answer is not saved. Use “Clear answer” if you mean it."
    ),
}
REASONS = {
    "not_a_number": gettext_lazy("write a number such as 56,84"),
    "too_long": gettext_lazy("it is too long"),
    "too_many": gettext_lazy("more options are ticked than allowed"),
    "target_used_twice": gettext_lazy("the same choice stands in two rows"),
}


def sentence_of(decision: Decision) -> str:
    """Say why a save was not taken; empty when it was."""
    if not decision.code:
        return ""
    if decision.code in SENTENCES:
        return str(SENTENCES[decision.code])
    reason = REASONS.get(decision.details.get("reason", ""), gettext_lazy("its form is unknown"))
    return _("The answer cannot be read: %(reason)s.") % {"reason": reason}
