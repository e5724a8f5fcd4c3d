#pragma once
#include "api/door.h"

namespace lineshaft::api {

// One function per page of docs/protocols/http-api.md.
void add_session_routes(http::Router& router, Services& services);
void add_node_routes(http::Router& router, Services& services);
void add_machine_routes(http::Router& router, Services& services);
void add_erasure_routes(http::Router& router, Services& services);
void add_tag_routes(http::Router& router, Services& services);
void add_trend_routes(http::Router& router, Services& services);
void add_site_routes(http::Router& router, Services& services);
void add_people_routes(http::Router& router, Services& services);
void add_account_routes(http::Router& router, Services& services);
void add_organisation_routes(http::Router& router, Services& services);
void add_audit_routes(http::Router& router, Services& services);
void add_retention_routes(http::Router& router, Services& services);
void add_sql_routes(http::Router& router, Services& services);
void add_export_routes(http::Router& router, Services& services);
void add_sample_export(http::Router& router, Services& services);
void add_token_routes(http::Router& router, Services& services);
void add_certificate_routes(http::Router& router, Services& services);
void add_design_routes(http::Router& router, Services& services);
void add_order_routes(http::Router& router, Services& services);
void add_job_routes(http::Router& router, Services& services);
void add_performance_routes(http::Router& router, Services& services);
void add_shop_routes(http::Router& router, Services& services);
void add_fleet_routes(http::Router& router, Services& services);
void add_backup_routes(http::Router& router, Services& services);
void add_connection_routes(http::Router& router, Services& services);
void add_topic_routes(http::Router& router, Services& services);
void add_live_routes(http::Router& router, Services& services);
void add_naming_routes(http::Router& router, Services& services);
void add_console(http::Router& router);
/// The same for whoever looks at those requests first.
http::Handler console_handler();

}  // namespace lineshaft::api
