"""What a form of a row has seen when it is drawn now."""

from clinic.assessments.arithmetic.row_merge import Seen
from clinic.assessments.frameworks import edition_file
from clinic.assessments.models import Sheet
from clinic.assessments.sheets import rows_of
from clinic.assessments.typed_rows import texts_of


def seen_now(sheet: Sheet, code: str) -> Seen:
    rev = Sheet.objects.get(pk=sheet.pk).rev
    return Seen.of(rev, texts_of(rows_of(sheet), edition_file(sheet.edition), code))
