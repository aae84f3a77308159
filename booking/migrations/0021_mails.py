
import booking.models.clock
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('booking', '0020_roles_admit'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Mail',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('password_reset', 'Password Reset'), ('password_changed', 'Password Changed'), ('email_changed', 'Email Changed')], max_length=20)),
                ('recipient', models.EmailField(max_length=254)),
                ('created_at', models.DateTimeField(db_default=booking.models.clock.Now(), editable=False)),
                ('next_try_at', models.DateTimeField(db_default=booking.models.clock.Now())),
                ('leased_until', models.DateTimeField(null=True)),
                ('tries', models.PositiveIntegerField(db_default=0, default=0)),
                ('sent_at', models.DateTimeField(null=True)),
                ('failed_at', models.DateTimeField(null=True)),
                ('error', models.CharField(blank=True, db_default='', default='', max_length=200)),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-id'],
                'indexes': [models.Index(condition=models.Q(('failed_at__isnull', True), ('sent_at__isnull', True)), fields=['next_try_at'], name='mails_that_wait'), models.Index(fields=['user'], name='mails_of_user')],
                'constraints': [models.CheckConstraint(condition=models.Q(('sent_at__isnull', True), ('failed_at__isnull', True), _connector='OR'), name='a_mail_is_sent_or_given_up')],
            },
        ),
    ]
