"""States and roles that nothing ever sets go; a row that has one all the same takes the nearest.

Who was offered a seat waits for one; whose offer expired is withdrawn, with the reason.
"""

from django.db import migrations, models
from django.db.models import OuterRef, Subquery


def take_plain_states(apps, _schema):
    Registration = apps.get_model("attendance", "Registration")
    expired = Registration.objects.filter(state="expired")
    expired.filter(reason="").update(reason="Tawaran kursi lewat waktu")
    expired.update(state="cancelled")
    Registration.objects.filter(state="offered").update(state="waitlisted")
    rows = apps.get_model("attendance", "DecidedRow").objects
    for field in ("before", "after"):
        rows.filter(**{field: "expired"}).update(**{field: "cancelled"})
        rows.filter(**{field: "offered"}).update(**{field: "waitlisted"})


def date_finalised(apps, _schema):
    """When it was, only the log knows; the end of the last session is near enough."""
    Event = apps.get_model("attendance", "Event")
    Session = apps.get_model("attendance", "Session")
    ends = Session.objects.filter(event=OuterRef("pk")).order_by("-ends_at").values("ends_at")[:1]
    rows = Event.objects.filter(state__in=("finalised", "archived"))
    rows.update(finalised_at=Subquery(ends))


class Migration(migrations.Migration):

    dependencies = [
        ('attendance', '0003_words'),
    ]

    operations = [
        migrations.RunPython(take_plain_states, migrations.RunPython.noop),
        migrations.RemoveConstraint(
            model_name='registration',
            name='one_active_registration_per_person_and_event',
        ),
        migrations.RemoveField(
            model_name='event',
            name='agenda_basis',
        ),
        migrations.AddField(
            model_name='event',
            name='finalised_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.RunPython(date_finalised, migrations.RunPython.noop),
        migrations.RemoveField(
            model_name='registration',
            name='role',
        ),
        migrations.AlterField(
            model_name='correction',
            name='direction',
            field=models.CharField(blank=True, choices=[('in', 'In'), ('out', 'Out')], max_length=3),
        ),
        migrations.AlterField(
            model_name='correction',
            name='kind',
            field=models.CharField(choices=[('add', 'Add'), ('void', 'Void'), ('unvoid', 'Unvoid'), ('retime', 'Retime'), ('accept', 'Accept')], max_length=6),
        ),
        migrations.AlterField(
            model_name='decidedrow',
            name='after',
            field=models.CharField(choices=[('nominated', 'proposed'), ('confirmed', 'registered'), ('waitlisted', 'on the waiting list'), ('walk_in', 'came unlisted'), ('declined', 'proposal declined'), ('cancelled', 'withdrawn'), ('replaced', 'replaced'), ('revoked', 'revoked')], max_length=10),
        ),
        migrations.AlterField(
            model_name='decidedrow',
            name='before',
            field=models.CharField(choices=[('nominated', 'proposed'), ('confirmed', 'registered'), ('waitlisted', 'on the waiting list'), ('walk_in', 'came unlisted'), ('declined', 'proposal declined'), ('cancelled', 'withdrawn'), ('replaced', 'replaced'), ('revoked', 'revoked')], max_length=10),
        ),
        migrations.AlterField(
            model_name='event',
            name='about',
            field=models.TextField(blank=True, max_length=4000, verbose_name='about the event'),
        ),
        migrations.AlterField(
            model_name='presence',
            name='assurance',
            field=models.CharField(blank=True, choices=[('witnessed', 'Witnessed'), ('countersigned', 'Countersigned'), ('paper', 'Paper'), ('manual', 'Manual'), ('self', 'Self')], max_length=13),
        ),
        migrations.AlterField(
            model_name='presence',
            name='state',
            field=models.CharField(choices=[('expected', 'expected'), ('present', 'present'), ('late', 'late'), ('left_early', 'left early'), ('absent', 'absent'), ('review', 'to be checked')], max_length=10),
        ),
        migrations.AlterField(
            model_name='registration',
            name='state',
            field=models.CharField(choices=[('nominated', 'proposed'), ('confirmed', 'registered'), ('waitlisted', 'on the waiting list'), ('walk_in', 'came unlisted'), ('declined', 'proposal declined'), ('cancelled', 'withdrawn'), ('replaced', 'replaced'), ('revoked', 'revoked')], max_length=10, verbose_name='state'),
        ),
        migrations.AlterField(
            model_name='scan',
            name='direction',
            field=models.CharField(choices=[('in', 'In'), ('out', 'Out')], max_length=3),
        ),
        migrations.AlterField(
            model_name='scan',
            name='kind',
            field=models.CharField(choices=[('badge', 'Badge'), ('self', 'Self'), ('manual', 'Manual'), ('kiosk', 'Kiosk'), ('walk_in', 'Walk In'), ('substitute', 'Substitute'), ('paper', 'Paper'), ('import', 'Import')], max_length=10),
        ),
        migrations.AlterField(
            model_name='scan',
            name='standing',
            field=models.CharField(choices=[('counts', 'Counts'), ('waits', 'Waits'), ('stopped', 'Stopped')], max_length=7),
        ),
        migrations.AddConstraint(
            model_name='registration',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['nominated', 'confirmed', 'walk_in', 'waitlisted'])), fields=('event', 'person'), name='one_active_registration_per_person_and_event'),
        ),
    ]
