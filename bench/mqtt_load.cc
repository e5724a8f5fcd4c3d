// A load program for any MQTT broker, and our broker alone to run it against.
//   mqtt_load --serve DIR [--shards N]     prints its port and pid, serves until killed
//   mqtt_load MODE --port P [--pid PID] [--json] [--user U --password W]
// Modes
//   --publish     [--publishers 10] [--subscribers 1] [--qos 1] [--count 100000] [--payload 64]
//                 [--window 200] [--durable] [--slow-us 0]: the subscriber rests after each read
//                 [--rate 10000]  messages a second of all together: prints publish-to-ack times
//   --fanout N    one publisher, N subscribers of the same topic, QoS 0
//   --idle N      resident bytes per idle connection, by part; with --tell also what N cost at rest,
//                 and the seconds until one message to each of them has arrived
//   --reconnect N durable clients that all come back at once: seconds until the last is served
//   --ramp        [--publishers 60] [--seconds 8]: peak, three times as much, and the time after
//   --flood N     [--kind connect|halfopen|slowloris|retained|wildcard]: an attack
//   --garbage M   [--http PORT] [--rate 500]: M minutes of nonsense, the server's memory watched
//   --probe       [--rate 400]: a client that is measured; each line on standard input is answered
//                 with the times from publish to PUBACK since the last one
//   --sink        no broker: answers at once and forgets; prints its port and pid
// Question: how many messages a second, how many for each CPU-second of the server, how late?
#include <string_view>

#include "load.h"

int main(int argc, char** argv) {
    using namespace lineshaft::bench;
    const Settings settings = read_settings(argc, argv);
    if (settings.has("serve")) return serve(settings);
    raise_descriptor_limit();
    if (settings.has("idle")) return run_idle(settings);
    if (settings.has("reconnect")) return run_reconnect(settings);
    if (settings.has("ramp")) return run_ramp(settings);
    if (settings.has("flood")) return run_flood(settings);
    if (settings.has("garbage")) return run_garbage(settings);
    if (settings.has("probe")) return run_probe(settings);
    if (settings.has("sink")) return run_sink(settings);
    return run_publish(settings);
}
