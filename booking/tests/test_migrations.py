from datetime import UTC, date, datetime, timedelta
from unittest import mock

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import IntegrityError, connection, models, transaction
from django.db.migrations.executor import MigrationExecutor
from django.test import TestCase, TransactionTestCase
from django.utils import timezone
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import RefreshToken

from booking.models import Booking, Movie, Session, Show
from booking.tests.factories import create_show, create_user


def migrate(name):
    MigrationExecutor(connection).migrate([("booking", name)])


class MigrationTests(TestCase):
    def test_migrations_match_the_models(self):
        call_command("makemigrations", check=True, dry_run=True, verbosity=0)


class MigrationCase(TransactionTestCase):
    """Migrates back to `before` for the test, and to the newest migration after it."""

    before: str

    def setUp(self):
        migrate(self.before)
        self.addCleanup(self.migrate_to_newest)

    def migrate_to_newest(self):
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes())


class UsernameMigrationTests(MigrationCase):
    before = "0003_counters"

    def setUp(self):
        super().setUp()
        self.addCleanup(self.delete_users)

    def delete_users(self):
        with connection.cursor() as cursor:  # the ORM would look for rows in newer tables
            cursor.execute("DELETE FROM auth_user")

    def test_usernames_that_differ_in_case_stop_the_migration(self):
        for name in ("Alice", "alice", "bob"):
            create_user(name)
        with self.assertRaisesMessage(
            RuntimeError, "more than once, in upper and lower case: alice."
        ):
            migrate("0004_usernames_regardless_of_case")
        User.objects.filter(username="Alice").update(username="alice2")
        migrate("0004_usernames_regardless_of_case")


class OutstandingToken(models.Model):
    """The table that sessions were in before migration 0007."""

    user = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    jti = models.CharField(unique=True, max_length=255)
    token = models.TextField()
    created_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()

    class Meta:
        app_label = "token_blacklist"
        db_table = "token_blacklist_outstandingtoken"
        managed = False

    def __str__(self):
        return self.jti


class SessionMigrationTests(MigrationCase):
    before = "0006_sessions"

    def create_old_table(self):
        with (
            mock.patch.object(OutstandingToken._meta, "managed", True),
            connection.schema_editor() as editor,
        ):
            editor.create_model(OutstandingToken)
        self.addCleanup(self.drop_old_table)

    def drop_old_table(self):
        with connection.schema_editor() as editor:
            editor.delete_model(OutstandingToken)

    def add_old_session(self, owner, **differences):
        token = RefreshToken.for_user(owner)
        values = {
            "user": owner,
            "jti": token["jti"],
            "created_at": timezone.now(),
            "expires_at": timezone.now() + timedelta(hours=1),
        } | differences
        OutstandingToken.objects.create(**values)
        return str(token)

    def refresh(self, token):
        return APIClient().post("/api/token/refresh/", {"refresh": token})

    def test_users_stay_logged_in(self):
        self.create_old_table()
        alice, bob = create_user("alice"), create_user("bob")
        tokens = [
            self.add_old_session(alice),
            self.add_old_session(bob),
            self.add_old_session(bob, created_at=None),
        ]
        expired = self.add_old_session(bob, expires_at=timezone.now() - timedelta(seconds=1))
        without_user = self.add_old_session(bob, user=None)
        self.migrate_to_newest()
        self.assertEqual(Session.objects.count(), 3)
        self.assertEqual([self.refresh(token).status_code for token in tokens], [200] * 3)
        self.assertEqual(self.refresh(tokens[0]).status_code, 401)  # used
        for token in (expired, without_user):
            self.assertEqual(self.refresh(token).status_code, 401)

    def test_old_rows_do_not_prevent_deletion_of_a_user(self):
        self.create_old_table()
        alice = create_user("alice")
        self.add_old_session(alice)
        self.migrate_to_newest()
        self.assertEqual(Session.objects.get().user, alice)
        self.migrate_to_newest()  # or the ORM would look for rows in tables that do not exist
        alice.delete()
        self.assertEqual(OutstandingToken.objects.get().user_id, None)
        self.assertFalse(Session.objects.exists())

    def test_database_without_old_table_migrates(self):
        migrate("0007_copy_sessions")
        self.assertFalse(Session.objects.exists())

    def test_migration_can_be_repeated(self):
        self.create_old_table()
        self.add_old_session(create_user("alice"))
        migrate("0007_copy_sessions")
        OutstandingToken.objects.update(user=User.objects.get())
        migrate("0006_sessions")
        migrate("0007_copy_sessions")
        self.assertEqual(Session.objects.count(), 1)


class SessionRotationMigrationTests(MigrationCase):
    before = "0008_booking_events"

    def test_session_is_kept_and_its_token_refreshed(self):
        alice = create_user("alice")
        token = RefreshToken.for_user(alice)
        loader = MigrationExecutor(connection).loader
        old_state = loader.project_state(("booking", self.before))
        expires_at = timezone.now() + timedelta(hours=1)
        old = old_state.apps.get_model("booking", "Session").objects.create(
            user_id=alice.pk,
            token_id=token["jti"],
            created_at=timezone.now(),
            expires_at=expires_at,
        )
        self.migrate_to_newest()
        kept = Session.objects.get()
        self.assertEqual(
            (kept.pk, kept.user, kept.token_id, kept.expires_at),
            (old.pk, alice, token["jti"], expires_at),
        )
        self.assertEqual(
            (kept.previous_token_id, kept.refreshed_at, kept.client_ip, kept.user_agent),
            ("", None, "", ""),
        )
        response = APIClient().post("/api/token/refresh/", {"refresh": str(token)})
        self.assertEqual(RefreshToken(response.json()["refresh"])["sid"], kept.pk)

    def test_previous_version_can_still_open_sessions(self):
        """It knows none of the new columns."""
        self.migrate_to_newest()
        alice = create_user("alice")
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO booking_session (user_id, token_id, created_at, expires_at) "
                "VALUES (%s, 'x', CURRENT_TIMESTAMP, CURRENT_TIMESTAMP)",
                [alice.pk],
            )
        self.assertEqual(Session.objects.get().previous_token_id, "")


class BookingEventMigrationTests(MigrationCase):
    before = "0007_copy_sessions"

    def test_bookings_stay_as_they_are(self):
        """Nobody knows who cancelled old ones, and they have no events."""
        alice = create_user("alice")
        loader = MigrationExecutor(connection).loader
        old_apps = loader.project_state(("booking", self.before)).apps
        movie = old_apps.get_model("booking", "Movie").objects.create(title="M", duration_minutes=9)
        now = timezone.now()
        old_shows = old_apps.get_model("booking", "Show").objects
        show = old_shows.create(movie=movie, screen_name="1", date_time=now, total_seats=9)
        old_bookings = old_apps.get_model("booking", "Booking").objects
        values = {"user_id": alice.pk, "show": show, "seat_number": 5, "reference": "A"}
        old_bookings.create(status="cancelled", cancelled_at=now, **values)
        self.migrate_to_newest()
        booking = Booking.objects.get()
        self.assertEqual((booking.status, booking.cancelled_at), ("cancelled", now))
        self.assertIsNone(booking.cancelled_by)
        self.assertFalse(booking.events.exists())
        # The previous version, which knows no events, still sells while servers are replaced.
        old_bookings.create(status="booked", **values)
        self.assertEqual(Booking.objects.count(), 2)


class BoundDatesMigrationTests(MigrationCase):
    before = "0014_screens_and_layouts"

    def setUp(self):
        super().setUp()
        self.addCleanup(Movie.objects.all().delete)
        self.addCleanup(Show.objects.all().delete)

    def test_dates_out_of_bounds_are_moved_to_the_nearest_allowed(self):
        movie = Movie.objects.create(title="M", duration_minutes=9, release_date=date(9999, 12, 31))
        show = create_show(movie, cancelled_at=datetime(9999, 12, 31, tzinfo=UTC))
        self.migrate_to_newest()
        movie.refresh_from_db()
        show.refresh_from_db()
        self.assertEqual(movie.release_date, date(2999, 12, 31))
        self.assertEqual(show.cancelled_at, datetime(3000, 1, 1, tzinfo=UTC))
        for model, value in [
            (Movie, {"release_date": date(1, 1, 1)}),
            (Show, {"cancelled_at": datetime(9999, 12, 31, tzinfo=UTC)}),
        ]:
            with self.assertRaises(IntegrityError), transaction.atomic():
                model.objects.update(**value)


class SearchKeyMigrationTests(MigrationCase):
    before = "0009_session_rotation"

    def setUp(self):
        super().setUp()
        self.addCleanup(Movie.objects.all().delete)

    def test_old_movies_get_keys_and_normalized_titles(self):
        with connection.cursor() as cursor:
            for title in ("zodiac", "A\u0301gora", ' "Alien"'):
                cursor.execute(
                    "INSERT INTO booking_movie (title, duration_minutes, description, genre, "
                    "language, certificate, poster_url) VALUES (%s, 9, '', 'Horror', '', '', '')",
                    [title],
                )
        migrate("0012_drop_index_of_titles")
        movies = Movie.objects.order_by("title_key", "id")
        self.assertEqual(
            [(movie.title, movie.genre) for movie in movies],
            [("\u00c1gora", "Horror"), (' "Alien"', "Horror"), ("zodiac", "Horror")],
        )
        self.assertEqual(Movie.objects.of_genre("HORROR").search("agora").count(), 1)
