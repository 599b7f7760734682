from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('attendance', '0002_decisions'),
    ]

    operations = [
        migrations.AlterField(
            model_name='presence',
            name='state',
            field=models.CharField(choices=[('expected', 'expected'), ('present', 'present'), ('late', 'late'), ('left_early', 'left early'), ('absent', 'absent'), ('excused', 'excused'), ('review', 'to be checked')], max_length=10),
        ),
        migrations.AlterField(
            model_name='registration',
            name='source',
            field=models.CharField(choices=[('self', 'by the person'), ('unit', 'by the unit'), ('organiser', 'by the organiser'), ('walk_in', 'at the desk')], max_length=9),
        ),
    ]
