import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.floors.settings")

application = get_wsgi_application()
gc.collect()
gc.freeze()  # as movie_booking/wsgi.py does
