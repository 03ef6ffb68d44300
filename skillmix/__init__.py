"""Skill-Mix: where an agent stands, what evidence it has there, and what the gate lets through."""
