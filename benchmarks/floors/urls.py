from django.urls import path

from . import views

urlpatterns = [
    path("django/", views.constant),
    path("drf/", views.Constant.as_view()),
    path("shows/<int:show>/book/", views.book),
]
