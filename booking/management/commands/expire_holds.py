from django.core.management.base import BaseCommand

from booking import box_office


class Command(BaseCommand):
    help = (
        'Set the status of expired holds to "expired". Optional: their seats are free without it.'
    )

    def handle(self, *args, **options):
        expired = box_office.expire_holds()
        if options["verbosity"]:
            self.stdout.write(f"Seats with an expired hold: {expired}.")
