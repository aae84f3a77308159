from datetime import timedelta
from unittest import mock

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection, models
from django.db.migrations.executor import MigrationExecutor
from django.test import TestCase, TransactionTestCase
from django.utils import timezone
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import RefreshToken

from booking.models import Movie, Session
from booking.tests.factories import create_user


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
        migrate("0007_copy_sessions")
        self.assertEqual(Session.objects.count(), 3)
        self.assertEqual([self.refresh(token).status_code for token in tokens], [200] * 3)
        self.assertEqual(self.refresh(tokens[0]).status_code, 401)  # used
        for token in (expired, without_user):
            self.assertEqual(self.refresh(token).status_code, 401)

    def test_old_rows_do_not_prevent_deletion_of_a_user(self):
        self.create_old_table()
        alice = create_user("alice")
        self.add_old_session(alice)
        migrate("0007_copy_sessions")
        self.assertEqual(Session.objects.get().user, alice)
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


class SearchKeyMigrationTests(MigrationCase):
    before = "0007_copy_sessions"

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
        migrate("0013_drop_index_of_titles")
        movies = Movie.objects.order_by("title_key", "id")
        self.assertEqual(
            [(movie.title, movie.genre) for movie in movies],
            [("\u00c1gora", "Horror"), (' "Alien"', "Horror"), ("zodiac", "Horror")],
        )
        self.assertEqual(Movie.objects.of_genre("HORROR").search("agora").count(), 1)
