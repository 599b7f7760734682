"""When something that public pages show last changed."""

from django.db import models


class Publication(models.Model):
    """One row, whose word is new after every change of what public pages show.

    It changes in the transaction of the act: whoever sees the new word sees the new content. A
    count would come again after a transaction that was rolled back; a random word does not.
    """

    word = models.UUIDField()

    def __str__(self) -> str:
        return str(self.word)
