# MLflow's server in the tested version, with what speaks to PostgreSQL and to S3.
FROM python:3.11-slim-bookworm
RUN pip install --no-cache-dir 'mlflow[auth]==3.17.2' psycopg2-binary==2.9.10 boto3
RUN useradd --uid 1000 --create-home mlflow && install -d -o mlflow -g mlflow /var/lib/mlflow /srv/mlflow
USER mlflow
