"""What a correction would change, asked before it is made.

A correction that leaves everything as it is would stand in the log as if something had been
decided; who asks for it is told instead what to do (attendance 5, C20).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from attendance.arithmetic.folding import Flag, Folded, FoldRules, fold
from attendance.arithmetic.scans import Correction, CorrectionKind, Scan, Session, corrected


class Effect(StrEnum):
    """What comes of a correction: a change, what is so already, or an entry that cannot count."""

    CHANGES = "changes"
    SAME = "same"
    IDLE = "idle"


_CANNOT_COUNT = frozenset({Flag.OUTSIDE_WINDOW, Flag.NO_MINUTES})


@dataclass(frozen=True, kw_only=True)
class History:
    """All that is known of one registration in one event, ready to be folded."""

    sessions: Sequence[Session]
    scans: Sequence[Scan]
    corrections: Sequence[Correction]
    rules: FoldRules

    def folded(self, more: Iterable[Correction] = ()) -> Folded:
        """Fold it, with further corrections if any are given."""
        said = [*self.corrections, *more]
        return fold(self.sessions, self.scans, said, rules=self.rules)

    def entries(self) -> list[Scan]:
        """Return every entry as it holds now, those added and those voided included, by time."""
        never_void = [one for one in self.corrections if one.kind is not CorrectionKind.VOID]
        held, _void = corrected(self.scans, never_void)
        return held

    def effect_of(self, act: Correction) -> Effect:
        """Tell what the act would change.

        An acceptance or an added entry must change what is held of some session: outside the
        hours of the event it never does. A void or unvoid changes the entry itself.
        """
        before = self.folded()
        if act.kind in (CorrectionKind.VOID, CorrectionKind.UNVOID):
            is_void = Flag.VOID in before.scan_flags.get(act.target, ())
            wants_void = act.kind is CorrectionKind.VOID
            return Effect.SAME if is_void is wants_void else Effect.CHANGES
        if act.kind is CorrectionKind.RETIME and self._is_at(act):
            return Effect.SAME
        after = self.folded([act])
        if _held(before) != _held(after):
            return Effect.CHANGES
        entry = act.uid if act.kind is CorrectionKind.ADD else act.target
        if after.scan_flags.get(entry, frozenset()) & _CANNOT_COUNT:
            return Effect.IDLE
        return Effect.SAME if act.kind is CorrectionKind.ACCEPT else Effect.CHANGES

    def _is_at(self, act: Correction) -> bool:
        return any(
            (one.at, one.direction) == (act.at, act.direction or one.direction)
            for one in self.entries()
            if one.uid == act.target
        )


def _held(folded: Folded) -> list[tuple[object, ...]]:
    """Return what counts of each session; a mere reason to look at it is not counted."""
    return [
        (one.session, one.assurance, one.first_in, one.last_out, one.minutes, one.intervals)
        for one in folded.presences
    ]
