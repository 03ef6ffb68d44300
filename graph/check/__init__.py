"""Is a resource what FHIR says it must be? A fast check of its structure, a full one by models, findings in FHIR's own form."""
