"""The Clinical World Model as data: its terms, the FHIR mapping and the Skill-Mix value sets.

Imports nothing else of this project.
"""
