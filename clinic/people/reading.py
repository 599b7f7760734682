"""Uploaded lists opened as tables, with the reader's refusals put into words."""

from django.utils.translation import gettext as _

from clinic.lib.arithmetic.tables import Table, UnsafeArchive, read_table


def open_list(content: bytes, name: str) -> Table:
    """Read an uploaded .xlsx or .csv as a table of text.

    Raises:
        UnsafeArchive: it must not be opened or is beyond a limit; with its translated sentence.
    """
    try:
        return read_table(content, name)
    except UnsafeArchive as refused:
        refused.message = _(refused.message) % refused.details
        raise
