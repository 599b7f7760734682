"""Addresses of the quizzes, under ``/kuis/``."""

from django.urls import path

from clinic.people.access import policy
from quizzes import views

urlpatterns = [
    path("", policy("signed-in")(views.quizzes), name="quizzes"),
    path(
        "pengerjaan/<uuid:attempt>/periksa/",
        policy("signed-in")(views.attempt_check),
        name="attempt_check",
    ),
    path(
        "pengerjaan/<uuid:attempt>/<slug:number>/",
        policy("signed-in")(views.attempt_item),
        name="attempt_item",
    ),
    path("tambahan/", policy("extend-quiz")(views.quiz_extensions), name="quiz_extensions"),
    path(
        "tambahan/<uuid:assignment>/",
        policy("extend-quiz")(views.quiz_takers),
        name="quiz_takers",
    ),
    path(
        "tambahan/<uuid:assignment>/<uuid:person>/",
        policy("extend-quiz")(views.quiz_extension),
        name="quiz_extension",
    ),
    path("<slug:slug>/", policy("signed-in")(views.quiz_start), name="quiz_start"),
]
