// A whole HAPI FHIR JPA server on H2 in memory, on the loopback address; it prints its base address when it is up.
import ca.uhn.fhir.batch2.jobs.export.BulkDataExportProvider;
import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.IValidationSupport;
import ca.uhn.fhir.jpa.api.config.JpaStorageSettings;
import ca.uhn.fhir.jpa.api.dao.IFhirSystemDao;
import ca.uhn.fhir.jpa.provider.JpaCapabilityStatementProvider;
import ca.uhn.fhir.jpa.provider.JpaSystemProvider;
import ca.uhn.fhir.jpa.search.DatabaseBackedPagingProvider;
import ca.uhn.fhir.jpa.test.config.Batch2FastSchedulerConfig;
import ca.uhn.fhir.jpa.test.config.TestR4Config;
import ca.uhn.fhir.rest.server.RestfulServer;
import ca.uhn.fhir.rest.server.provider.ResourceProviderFactory;
import ca.uhn.fhir.rest.server.util.ISearchParamRegistry;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.web.context.support.AnnotationConfigWebApplicationContext;

public class JpaServer {
  @Configuration
  @Import({TestR4Config.class, Batch2FastSchedulerConfig.class})
  public static class Parts {}

  public static void main(String[] args) throws Exception {
    AnnotationConfigWebApplicationContext parts = new AnnotationConfigWebApplicationContext();
    parts.register(Parts.class);
    parts.refresh();

    JpaStorageSettings settings = parts.getBean(JpaStorageSettings.class);
    settings.setAllowExternalReferences(true);
    settings.setResourceClientIdStrategy(JpaStorageSettings.ClientIdStrategyEnum.ANY);
    settings.setEnforceReferentialIntegrityOnWrite(false);
    settings.setEnforceReferentialIntegrityOnDelete(false);
    settings.setIndexMissingFields(JpaStorageSettings.IndexEnabledEnum.ENABLED); // Patient/$export needs it

    RestfulServer fhir = new RestfulServer(parts.getBean(FhirContext.class));
    fhir.registerProviders(parts.getBean(ResourceProviderFactory.class).createProviders());
    JpaSystemProvider<?, ?> system = parts.getBean(JpaSystemProvider.class);
    fhir.registerProvider(system);
    fhir.registerProvider(parts.getBean(BulkDataExportProvider.class));
    fhir.setPagingProvider(parts.getBean(DatabaseBackedPagingProvider.class));
    fhir.setServerConformanceProvider(new JpaCapabilityStatementProvider(
        fhir, parts.getBean(IFhirSystemDao.class), settings,
        parts.getBean(ISearchParamRegistry.class), parts.getBean(IValidationSupport.class)));

    Server server = new Server();
    ServerConnector connector = new ServerConnector(server);
    connector.setHost("127.0.0.1");
    server.addConnector(connector);
    ServletContextHandler root = new ServletContextHandler("/");
    root.addServlet(new ServletHolder(fhir), "/fhir/*");
    server.setHandler(root);
    server.start();
    System.out.println("http://127.0.0.1:" + connector.getLocalPort() + "/fhir");
    System.out.flush();
    server.join();
  }
}
