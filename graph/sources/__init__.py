"""Where data comes from over the network: a FHIR server's REST interface, and Bulk Data exports, into a folder of NDJSON."""
