
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('booking', '0022_managers_see_mails'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Profile',
            fields=[
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='profile', serialize=False, to=settings.AUTH_USER_MODEL)),
                ('mail_bookings', models.BooleanField(db_default=True, default=True)),
                ('verified_email', models.EmailField(blank=True, db_default='', default='', max_length=254)),
            ],
        ),
        migrations.AddField(
            model_name='mail',
            name='reference',
            field=models.CharField(blank=True, db_default='', default='', max_length=8),
        ),
        migrations.AlterField(
            model_name='mail',
            name='kind',
            field=models.CharField(choices=[('booked', 'Booked'), ('changed', 'Changed'), ('cancelled', 'Cancelled'), ('show_moved', 'Show Moved'), ('reminder', 'Reminder'), ('password_reset', 'Password Reset'), ('password_changed', 'Password Changed'), ('email_changed', 'Email Changed')], max_length=20),
        ),
        migrations.AlterField(
            model_name='mail',
            name='recipient',
            field=models.EmailField(blank=True, db_default='', default='', max_length=254),
        ),
    ]
