import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('booking', '0018_index_bookings_with_notes'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='booking',
            options={'permissions': [('export_booking', 'Can export booking'), ('admit_booking', 'Can admit booking')]},
        ),
        migrations.RemoveConstraint(
            model_name='bookingevent',
            name='event_kind_is_known',
        ),
        migrations.AddField(
            model_name='booking',
            name='admitted_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='booking',
            name='admitted_by',
            field=models.ForeignKey(blank=True, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AlterField(
            model_name='bookingevent',
            name='kind',
            field=models.CharField(choices=[('held', 'Held'), ('booked', 'Booked'), ('confirmed', 'Confirmed'), ('extended', 'Extended'), ('moved', 'Moved'), ('cancelled', 'Cancelled'), ('admitted', 'Admitted'), ('undone', 'admission undone')], max_length=10),
        ),
        migrations.AddConstraint(
            model_name='booking',
            constraint=models.CheckConstraint(condition=models.Q(('admitted_at__isnull', True), ('status__in', ['booked', 'cancelled']), _connector='OR'), name='only_sold_seats_are_admitted'),
        ),
        migrations.AddConstraint(
            model_name='bookingevent',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['held', 'booked', 'confirmed', 'extended', 'moved', 'cancelled', 'admitted', 'undone'])), name='event_kind_is_known'),
        ),
    ]
