"""An S3-compatible server (moto) on loopback for the tests, and what the tests do to what lies in it.

    python tests/object-store.py serve <port>                    until its input ends; a line for every request on standard error
    python tests/object-store.py put <server> <bucket> <prefix> <folder>
    python tests/object-store.py get <server> <bucket> <prefix> <folder>
    python tests/object-store.py remove <server> <bucket> <key>...
    python tests/object-store.py read <server> <bucket> <prefix>     rows by year, as polars and pyarrow read them there
    python tests/object-store.py guard <server> <requests>       from then on keys are checked, after so many requests
"""

import os
import pathlib
import sys
import threading
import urllib.request


def serve(port):
    # Whoever started this holds the other end: when that dies, so does this.
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    from moto.server import main

    main(["-H", "127.0.0.1", "-p", port])


def client(server):
    import boto3

    return boto3.client("s3", endpoint_url=server, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")


def put(server, bucket, prefix, folder):
    store = client(server)
    if bucket not in [one["Name"] for one in store.list_buckets()["Buckets"]]:
        store.create_bucket(Bucket=bucket)
    folder = pathlib.Path(folder)
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")):
        store.put_object(Bucket=bucket, Key=f"{prefix}/{path.relative_to(folder).as_posix()}", Body=path.read_bytes())


def get(server, bucket, prefix, folder):
    store = client(server)
    for page in store.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}/"):
        for found in page.get("Contents", []):
            path = pathlib.Path(folder, found["Key"].removeprefix(f"{prefix}/"))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(store.get_object(Bucket=bucket, Key=found["Key"])["Body"].read())


def remove(server, bucket, *keys):
    store = client(server)
    for key in keys:
        store.delete_object(Bucket=bucket, Key=key)


def read(server, bucket, prefix):
    import polars
    import pyarrow.dataset
    import pyarrow.fs

    options = {"aws_endpoint_url": server, "aws_allow_http": "true", "aws_access_key_id": "test", "aws_secret_access_key": "test", "aws_region": "us-east-1"}
    rows = polars.scan_parquet(f"s3://{bucket}/{prefix}/*.parquet", storage_options=options).group_by("year").len().sort("year").collect()
    print("polars", *[f"{year}:{n}" for year, n in rows.rows()])
    store = pyarrow.fs.S3FileSystem(access_key="test", secret_key="test", endpoint_override=server, scheme="http", region="us-east-1")
    table = pyarrow.dataset.dataset(f"{bucket}/{prefix}", filesystem=store, format="parquet").to_table(columns=["year"])
    counted = table.group_by("year").aggregate([([], "count_all")]).sort_by("year").to_pydict()
    print("pyarrow", *[f"{year}:{n}" for year, n in zip(counted["year"], counted["count_all"])])


def guard(server, requests):
    request = urllib.request.Request(f"{server}/moto-api/reset-auth", data=requests.encode(), headers={"Content-Type": "text/plain"}, method="POST")
    urllib.request.urlopen(request).read()


if __name__ == "__main__":
    {"serve": serve, "put": put, "get": get, "remove": remove, "read": read, "guard": guard}[sys.argv[1]](*sys.argv[2:])
