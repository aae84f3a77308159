"""The endpoints: read the request, make one call, write the answer."""
