// The shapes of MQTT clients and topics (docs/protocols/http-api.md).
import type { TagValue } from "./types";

export type ClientState = "connected" | "sleeping" | "gone";

export interface Traffic {
    messages_in: number;
    bytes_in: number;
    messages_out: number;
    bytes_out: number;
}

/** One MQTT session. */
export interface Client {
    id: string;
    principal: string | null;
    machine: string | null;
    address: string | null;
    port: number;
    state: ClientState;
    listener: "mqtt" | "mqtts" | "ws" | "wss" | null;
    protocol: "3.1.1" | "5.0";
    durable: boolean;
    full: boolean;
    paused: boolean;
    keep_alive_s: number;
    expiry_s: number | null;
    since: string;
    subscriptions: number;
    queued_messages: number;
    queued_bytes: number;
    in_flight: number;
    unanswered: number;
    retained: number;
    rates: Traffic;
    totals: Traffic;
    lost: Record<string, number>;
    lost_total: number;
    ended: { at: string; code: number; reason: string; why: string | null } | null;
}

export interface ClientDetail extends Client {
    filters: { filter: string; qos: number; no_local: boolean; retain_as_published: boolean }[];
}

export interface BrokerNow {
    load: { level: number; name: string; effect: string };
    numbers: Record<string, number>;
}

export interface TopicLast {
    at: string;
    size: number;
    qos: number;
    retained: boolean;
}

export interface TopicLevel {
    name: string;
    topic: string;
    has_more: boolean;
    last: (TopicLast & { preview: string | null }) | null;
}

export interface TopicPage {
    items: TopicLevel[];
    next: string | null;
    whole: boolean;
    since: string;
}

export interface SparkplugMetric {
    name: string | null;
    alias: number | string | null;
    type: string | null;
    at_ms: number | string | null;
    value: TagValue;
}

export interface TopicDetail extends TopicLast {
    topic: string;
    publisher: string | null;
    expires_at: string | null;
    content_type: string | null;
    response_topic: string | null;
    user_properties: [string, string][];
    payload: {
        text: string | null;
        json: boolean;
        hex: string;
        cut: boolean;
        sparkplug: { seq: number | null; at_ms: number | string | null; metrics_total: number; metrics: SparkplugMetric[] } | null;
    };
}
