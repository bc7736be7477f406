import os
from io import BytesIO

import pycurl
from lab_protocol import serve

curl = pycurl.Curl()
if "CURL_CA_BUNDLE" in os.environ:
    curl.setopt(pycurl.CAINFO, os.environ["CURL_CA_BUNDLE"])
# PycURL has one class for all errors, and a constant for each number of libcurl.
names = {number: name for name, number in vars(pycurl).items() if name.startswith("E_") and not name.startswith("E_MULTI_")}


def perform():
    """Returns the error, or None. Its cause is the system's error of the last connect, if the request failed there."""
    try:
        curl.perform()
        return None
    except pycurl.error as error:
        number = curl.getinfo(pycurl.OS_ERRNO) if error.args[0] == pycurl.E_COULDNT_CONNECT else 0
        named = type(names.get(error.args[0], "error"), (pycurl.error,), {})(*error.args)
        named.__cause__ = OSError(number, os.strerror(number)) if number else None
        return named


def request(method, url, timeout):
    body = BytesIO()
    curl.setopt(pycurl.URL, url)
    curl.setopt(pycurl.CUSTOMREQUEST, method)
    curl.setopt(pycurl.TIMEOUT_MS, 0 if timeout is None else round(timeout * 1000))
    curl.setopt(pycurl.WRITEDATA, body)
    failed = perform()
    if failed:
        raise failed
    return curl.getinfo(pycurl.RESPONSE_CODE), body.getvalue().decode()


serve(request)
