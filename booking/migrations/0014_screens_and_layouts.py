import django.db.models.deletion
from django.db import migrations, models
from django.db.models.functions import Lower

import booking.models.screens
import booking.text


class Migration(migrations.Migration):

    dependencies = [("booking", "0013_list_bookings_by_status")]

    operations = [
        migrations.CreateModel(
            name="Screen",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100)),
                (
                    "layout",
                    models.TextField(
                        help_text="A line for each row, from the front, and a letter for each place: s seat, "
                        "w wheelchair space, c companion seat beside it, x house seat (sold by staff only), dot "
                        "or blank an aisle or a gap. A row may begin with its label: AA:ss..ss",
                        validators=[booking.models.screens.validate_layout],
                    ),
                ),
            ],
            options={
                "ordering": ["name", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        Lower("name"),
                        name="one_screen_per_name",
                        violation_error_message="There is a screen with this name already.",
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="show",
            name="screen",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="shows",
                to="booking.screen",
            ),
        ),
        migrations.AddField(
            model_name="show",
            name="layout",
            field=models.TextField(blank=True, db_default="", default="", editable=False),
        ),
        migrations.AddField(
            model_name="show",
            name="seat_letters",
            field=models.TextField(blank=True, db_default="", default="", editable=False),
        ),
        migrations.AddField(
            model_name="show",
            name="version",
            field=models.PositiveIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.AddConstraint(
            model_name="show",
            constraint=models.UniqueConstraint(
                condition=models.Q(("cancelled_at__isnull", True)),
                fields=("screen", "date_time"),
                name="one_show_per_screen_and_start",
            ),
        ),
        migrations.AddField(
            model_name="booking",
            name="note",
            field=models.CharField(blank=True,
                db_default="",
                default="",
                max_length=100,
                validators=[booking.text.validate_visible],
),
        ),
        migrations.AddField(
            model_name="bookingevent",
            name="reason",
            field=models.CharField(blank=True,
                db_default="",
                default="",
                max_length=200,
                validators=[booking.text.validate_visible],
),
        ),
    ]
