#!/bin/sh
# Are all migrations written, and would a production with these settings be safe?
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export KLINIK_VAR="$folder"

KLINIK_ENV=test .venv/bin/python manage.py makemigrations --check --dry-run

env KLINIK_ENV=production DEBUG=off \
    SECRET_KEY="only-for-this-check-0123456789-abcdefghijklmnopqrstuvwxyz" \
    ALLOWED_HOSTS=klinik.contoh.test BASE_URL=https://klinik.contoh.test EMAIL_URL=none \
    DATABASE_URL=sqlite:///:memory: CACHE_URL=redis://:x@127.0.0.1:6379/0 \
    CELERY_BROKER_URL=redis://:x@127.0.0.1:6379/0 \
    .venv/bin/python manage.py check --deploy --fail-level WARNING
