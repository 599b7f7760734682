"""How long items that could not become scans are kept."""

from datetime import datetime

from attendance.models import RejectedItem
from clinic.records.retention import delete_in_batches, keep_for


@keep_for("rejected_items", "KLINIK_KEEP_REJECTED_ITEMS_DAYS")
def purge_rejected_items(before: datetime) -> int:
    """They are kept for a person to look at after the event."""
    return delete_in_batches(RejectedItem.objects.filter(received_at__lt=before))
