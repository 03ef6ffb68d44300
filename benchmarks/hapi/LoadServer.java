// A HAPI FHIR JPA server set for taking in as fast as it can, on H2 in memory; it prints its base address when it is up.
// Unlike the server of the tests it has no listeners that count and keep every query, and no full-text index.
import ca.uhn.fhir.batch2.jobs.config.Batch2JobsConfig;
import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.jpa.api.config.JpaStorageSettings;
import ca.uhn.fhir.jpa.batch2.JpaBatch2Config;
import ca.uhn.fhir.jpa.config.HapiJpaConfig;
import ca.uhn.fhir.jpa.config.PackageLoaderConfig;
import ca.uhn.fhir.jpa.config.r4.JpaR4Config;
import ca.uhn.fhir.jpa.config.util.HapiEntityManagerFactoryUtil;
import ca.uhn.fhir.jpa.model.dialect.HapiFhirH2Dialect;
import ca.uhn.fhir.jpa.provider.JpaSystemProvider;
import ca.uhn.fhir.jpa.search.DatabaseBackedPagingProvider;
import ca.uhn.fhir.jpa.searchparam.config.NicknameServiceConfig;
import ca.uhn.fhir.jpa.test.config.TestHSearchAddInConfig;
import ca.uhn.fhir.jpa.test.config.TestJPAConfig;
import ca.uhn.fhir.jpa.topic.SubscriptionTopicConfig;
import ca.uhn.fhir.rest.server.RestfulServer;
import ca.uhn.fhir.rest.server.provider.ResourceProviderFactory;
import java.util.Properties;
import javax.sql.DataSource;
import org.apache.commons.dbcp2.BasicDataSource;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.orm.jpa.LocalContainerEntityManagerFactoryBean;
import org.springframework.web.context.support.AnnotationConfigWebApplicationContext;

public class LoadServer {
  @Configuration
  @Import({
    JpaR4Config.class, PackageLoaderConfig.class, HapiJpaConfig.class, TestJPAConfig.class, SubscriptionTopicConfig.class,
    TestHSearchAddInConfig.NoFT.class, JpaBatch2Config.class, Batch2JobsConfig.class, NicknameServiceConfig.class
  })
  public static class Parts {
    @Bean
    public DataSource dataSource() {
      BasicDataSource source = new BasicDataSource();
      source.setDriver(new org.h2.Driver());
      source.setUrl("jdbc:h2:mem:load;DB_CLOSE_DELAY=-1");
      source.setUsername("");
      source.setPassword("");
      source.setMaxTotal(20);
      source.setMaxIdle(20);
      return source;
    }

    @Bean
    public LocalContainerEntityManagerFactoryBean entityManagerFactory(
        ConfigurableListableBeanFactory beans, FhirContext context, JpaStorageSettings settings) {
      LocalContainerEntityManagerFactoryBean made =
          HapiEntityManagerFactoryUtil.newEntityManagerFactory(beans, context, settings);
      made.setPersistenceUnitName("load");
      made.setDataSource(dataSource());
      Properties more = new Properties();
      more.put("hibernate.hbm2ddl.auto", "update");
      more.put("hibernate.dialect", HapiFhirH2Dialect.class.getName());
      more.put("hibernate.search.enabled", "false");
      made.setJpaProperties(more);
      return made;
    }
  }

  public static void main(String[] args) throws Exception {
    AnnotationConfigWebApplicationContext parts = new AnnotationConfigWebApplicationContext();
    parts.register(Parts.class);
    parts.refresh();

    JpaStorageSettings settings = parts.getBean(JpaStorageSettings.class);
    settings.setResourceClientIdStrategy(JpaStorageSettings.ClientIdStrategyEnum.ANY);
    settings.setAllowExternalReferences(true);
    settings.setEnforceReferentialIntegrityOnWrite(false);
    settings.setEnforceReferentialIntegrityOnDelete(false);
    settings.setEnforceReferenceTargetTypes(false);
    settings.setMatchUrlCacheEnabled(true);
    settings.setDeleteEnabled(false);
    settings.setStatusBasedReindexingDisabled(true);
    settings.setMassIngestionMode(Boolean.getBoolean("load.mass"));

    RestfulServer fhir = new RestfulServer(parts.getBean(FhirContext.class));
    fhir.registerProviders(parts.getBean(ResourceProviderFactory.class).createProviders());
    JpaSystemProvider<?, ?> system = parts.getBean(JpaSystemProvider.class);
    fhir.registerProvider(system);
    fhir.setPagingProvider(parts.getBean(DatabaseBackedPagingProvider.class));

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
