"""A small OMOP CDM 5.4 folder that tests make, and change."""

import csv
import gzip
import io
from pathlib import Path
from typing import Any

Rows = list[dict[str, Any]]

TABLES: dict[str, Rows] = {
    "PERSON": [
        {"person_id": 1, "gender_concept_id": 8532, "year_of_birth": 1950, "month_of_birth": 7, "day_of_birth": 9,
         "race_concept_id": 8527, "ethnicity_concept_id": 0, "location_id": 3, "provider_id": 5, "care_site_id": 2},
        {"person_id": 2, "gender_concept_id": 8507, "year_of_birth": 1980, "race_concept_id": 0, "ethnicity_concept_id": 0},
    ],
    "LOCATION": [{"location_id": 3, "city": "Bern"}],
    "CARE_SITE": [{"care_site_id": 2, "care_site_name": "Ward 4", "location_id": 3}],
    "PROVIDER": [{"provider_id": 5, "provider_name": "Noe Dibbert", "care_site_id": 2}],
    "VISIT_OCCURRENCE": [
        {"visit_occurrence_id": 11, "person_id": 1, "visit_concept_id": 9201, "visit_start_date": "2020-01-02",
         "visit_start_datetime": "2020-01-02 08:00:00", "visit_end_date": "2020-01-05", "provider_id": 5, "care_site_id": 2,
         "visit_end_datetime": "2020-01-05 00:00:00", "discharged_to_concept_id": 0, "discharged_to_source_value": "HOME"},
    ],
    "CONDITION_OCCURRENCE": [
        {"condition_occurrence_id": 1, "person_id": 1, "condition_concept_id": 4329847, "condition_start_date": "2020-01-02",
         "condition_source_value": "I21.9", "condition_source_concept_id": 45586587, "visit_occurrence_id": 11},
        {"condition_occurrence_id": 2, "person_id": 2, "condition_concept_id": 0, "condition_start_date": "2021-01-02",
         "condition_source_value": "local-7"},
    ],
    "DRUG_EXPOSURE": [
        {"drug_exposure_id": 1, "person_id": 1, "drug_concept_id": 1127433, "drug_exposure_start_date": "2020-01-03",
         "drug_exposure_end_date": "2020-01-04", "drug_type_concept_id": 32838, "visit_occurrence_id": 11},
    ],
    "PROCEDURE_OCCURRENCE": [
        {"procedure_occurrence_id": 1, "person_id": 1, "procedure_concept_id": 4249893, "procedure_date": "2020-01-03",
         "procedure_datetime": "2020-01-03 10:30:00"},
    ],
    "MEASUREMENT": [
        {"measurement_id": 1, "person_id": 1, "measurement_concept_id": 3016723, "measurement_date": "2020-01-02",
         "measurement_datetime": "2020-01-02 09:15:00", "value_as_number": "1.10", "unit_concept_id": 8840,
         "unit_source_value": "mg/dL", "visit_occurrence_id": 11, "measurement_source_value": "CREAT"},
        {"measurement_id": 2, "person_id": 1, "measurement_concept_id": 3016723, "measurement_date": "2020-01-03",
         "measurement_datetime": "2020-01-03 00:00:00", "value_as_number": "1.3", "unit_source_value": "mg/dL"},
    ],
    "OBSERVATION": [
        {"observation_id": 1, "person_id": 2, "observation_concept_id": 4275495, "observation_date": "2021-01-02",
         "value_as_string": "former"},
    ],
    "DEATH": [{"person_id": 1, "death_date": "2020-03-04", "cause_concept_id": 4329847}],
    "CONCEPT": [
        {"concept_id": 3016723, "concept_name": "Creatinine", "vocabulary_id": "LOINC", "concept_class_id": "Lab Test",
         "concept_code": "2160-0"},
        {"concept_id": 4329847, "concept_name": "Myocardial infarction", "vocabulary_id": "SNOMED",
         "concept_class_id": "Disorder", "concept_code": "22298006"},
        {"concept_id": 45586587, "concept_name": "Acute myocardial infarction, unspecified", "vocabulary_id": "ICD10CM",
         "concept_class_id": "4-char billing code", "concept_code": "I21.9"},
        {"concept_id": 1127433, "concept_name": "acetaminophen 325 MG", "vocabulary_id": "RxNorm",
         "concept_class_id": "Clinical Drug", "concept_code": "313782"},
        {"concept_id": 8840, "concept_name": "milligram per deciliter", "vocabulary_id": "UCUM", "concept_class_id": "Unit",
         "concept_code": "mg/dL"},
    ],
    "VISIT_DETAIL": [
        {"visit_detail_id": 21, "person_id": 1, "visit_detail_concept_id": 32037, "visit_detail_start_date": "2020-01-03",
         "visit_detail_end_date": "2020-01-04", "visit_occurrence_id": 11},
    ],
    "DEVICE_EXPOSURE": [
        {"device_exposure_id": 1, "person_id": 1, "device_concept_id": 4030875, "device_exposure_start_date": "2020-01-03",
         "device_exposure_end_date": "2020-01-04"},
    ],
    "SPECIMEN": [{"specimen_id": 1, "person_id": 1, "specimen_concept_id": 4047496, "specimen_date": "2020-01-02"}],
    "NOTE": [
        {"note_id": 1, "person_id": 1, "note_date": "2020-01-03", "note_datetime": "2020-01-03 16:20:00", "note_title": "Evening",
         "note_text": "Feels\nwell.", "note_class_concept_id": 0, "note_source_value": "nursing", "visit_occurrence_id": 11},
    ],
    "OBSERVATION_PERIOD": [{"observation_period_id": 1, "person_id": 1}, {"observation_period_id": 2, "person_id": 2}],
}  # fmt: skip
MAPPED = {name: rows for name, rows in TABLES.items() if name not in {"CONCEPT", "OBSERVATION_PERIOD"}}


def table(rows: Rows, delimiter: str = ",") -> str:
    """The rows as CSV, with every column that one of them has."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, names, delimiter=delimiter, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def omop(folder: Path, changes: dict[str, Rows | str | None] | None = None, *, name: str = "{}.csv") -> Path:
    """Write the tables; ``changes``: other rows or other text of a table, or None to leave it out."""
    folder.mkdir(parents=True, exist_ok=True)
    for table_name, rows in (TABLES | (changes or {})).items():
        if rows is None:
            continue
        text = rows if isinstance(rows, str) else table(rows)
        path = folder / name.format(table_name)
        path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return folder
