// One resource of R4 a line in, one JSON list of [severity, kind, place] a line out. No network: the base profiles only.
import ca.uhn.fhir.context.FhirContext
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport
import groovy.json.JsonOutput
import org.hl7.fhir.common.hapi.validation.support.CommonCodeSystemsTerminologyService
import org.hl7.fhir.common.hapi.validation.support.InMemoryTerminologyServerValidationSupport
import org.hl7.fhir.common.hapi.validation.support.SnapshotGeneratingValidationSupport
import org.hl7.fhir.common.hapi.validation.support.ValidationSupportChain
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator

def context = FhirContext.forR4()
def support = new ValidationSupportChain(
    new DefaultProfileValidationSupport(context), new InMemoryTerminologyServerValidationSupport(context),
    new CommonCodeSystemsTerminologyService(context), new SnapshotGeneratingValidationSupport(context))
def module = new FhirInstanceValidator(support)
module.anyExtensionsAllowed = true
def validator = context.newValidator().registerValidatorModule(module)
System.in.eachLine('UTF-8') { line ->
    def messages = validator.validateWithResult(line).messages
    println JsonOutput.toJson(messages.collect { [it.severity.code, it.messageId, it.locationString] })
}
