from django.contrib.auth.models import Permission, User
from django.test import TestCase

from booking.models import Screen
from booking.tests.factories import create_screen, create_show, create_user

PREVIEW = "/admin/booking/screen/preview/"


class ScreenAdminTests(TestCase):
    def setUp(self):
        self.client.force_login(User.objects.create_superuser("stella"))

    def add(self, **form):
        return self.client.post("/admin/booking/screen/add/", {"name": "Studio", **form})

    def test_screen_is_added_with_its_drawing(self):
        self.assertEqual(self.add(layout="\r\n  ss\r\nwc.x \r\n").status_code, 302)
        screen = Screen.objects.get()
        self.assertEqual((screen.name, screen.layout), ("Studio", "  ss\nwc.x"))

    def test_list_counts_seats_by_kind(self):
        create_screen("Studio", "sswcx")
        create_screen("Large", "ss")
        page = self.client.get("/admin/booking/screen/")
        counts = "5 in all: 2 seats, 1 wheelchair space, 1 companion seat, 1 house seat"
        self.assertContains(page, counts)
        self.assertContains(page, '<td class="field-seats">2 seats</td>', html=True)

    def test_wrong_drawing_is_refused_by_line_and_column(self):
        cases = [
            ("ss\nso", "Line 2, column 2: &quot;o&quot; is no place."),
            ("...", "Line 1, column 1: Draw at least one seat, as an s."),
            ("\n".join(["s" * 200] * 100), "A hall has at most 10000 seats."),
        ]
        for layout, sentence in cases:
            with self.subTest(sentence):
                self.assertContains(self.add(layout=layout), sentence)
        self.assertFalse(Screen.objects.exists())

    def test_name_is_taken_in_any_case(self):
        create_screen("STUDIO")
        self.assertContains(self.add(layout="s"), "There is a screen with this name already.")

    def test_preview_describes_a_drawing(self):
        hall = self.client.post(PREVIEW, {"layout": " s.x\nw"}).json()
        self.assertEqual(
            hall,
            {
                "problems": [],
                "counts": "3 in all: 1 seat, 1 wheelchair space, 1 house seat",
                "width": 4,
                "rows": [{"label": "A", "y": 0}, {"label": "B", "y": 1}],
                "seats": [
                    {"x": 1, "y": 0, "label": "A1", "kind": "seat"},
                    {"x": 3, "y": 0, "label": "A2", "kind": "house"},
                    {"x": 0, "y": 1, "label": "B1", "kind": "wheelchair"},
                ],
            },
        )
        wrong = self.client.post(PREVIEW, {"layout": "s\x00"}).json()
        self.assertEqual(len(wrong["problems"]), 1)

    def test_preview_is_for_staff_who_may_change_screens(self):
        self.assertEqual(self.client.get(PREVIEW).status_code, 405)
        clerk = create_user("clerk", is_staff=True)
        clerk.user_permissions.set(Permission.objects.filter(codename="view_screen"))
        self.client.force_login(clerk)
        self.assertEqual(self.client.post(PREVIEW, {"layout": "s"}).status_code, 403)

    def test_screen_with_shows_cannot_be_deleted(self):
        show = create_show(screen=create_screen("Studio"))
        path = f"/admin/booking/screen/{show.screen_id}/delete/"
        page = self.client.post(path, {"post": "yes"}, follow=True)
        self.assertContains(page, "would require deleting the following protected related objects")
        self.assertTrue(Screen.objects.exists())
