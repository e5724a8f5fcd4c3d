#include "load_crowd.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/bytes.h"

namespace lineshaft::bench {

Crowd::Crowd(std::uint16_t port)
    : port_(port), poll_(::epoll_create1(EPOLL_CLOEXEC)), buffer_(256 << 10) {}

Crowd::~Crowd() {
    for (Client& client : clients) {
        if (client.socket >= 0) ::close(client.socket);
    }
    ::close(poll_);
}

Crowd::Client& Crowd::add(long number, std::string hello) {
    Client& client = clients.emplace_back();
    client.number = number;
    client.out = std::move(hello);
    client.at = Clock::now();
    client.socket = connect_to(port_, number, false);
    if (client.socket < 0) return client;
    ++open_;
    watch(client, true);
    return client;
}

void Crowd::watch(Client& client, bool is_new) {
    epoll_event event{};
    event.events = EPOLLIN;
    if (!client.is_connected || !client.out.empty()) event.events |= EPOLLOUT;
    event.data.ptr = &client;
    ::epoll_ctl(poll_, is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, client.socket, &event);
}

void Crowd::send(Client& client, std::string_view bytes) {
    if (client.socket < 0) return;
    const bool was_empty = client.out.empty();
    client.out.append(bytes);
    if (was_empty && client.is_connected) flush(client);
}

void Crowd::flush(Client& client) {
    while (!client.out.empty()) {
        const auto count = ::send(client.socket, client.out.data(), client.out.size(),
                                  MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count <= 0) break;
        client.out.erase(0, static_cast<std::size_t>(count));
    }
    watch(client, false);
}

void Crowd::close(Client& client) {
    if (client.socket < 0) return;
    ::close(client.socket);
    client.socket = -1;
    client.is_connected = client.is_accepted = false;
    --open_;
    if (on_closed) on_closed(client);
}

void Crowd::read(Client& client) {
    const auto count = ::recv(client.socket, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count <= 0) {
        client.lost = count < 0 ? errno : 0;
        return close(client);
    }
    client.in.append(buffer_.data(), static_cast<std::size_t>(count));
    std::size_t taken = 0;
    while (client.socket >= 0) {
        const auto frame = mqtt::next_frame(as_bytes(client.in).subspan(taken), 1 << 28);
        if (!frame) die("not MQTT");
        if (!*frame) break;
        if (on_frame) on_frame(client, **frame);
        taken += (*frame)->size_bytes;
    }
    client.in.erase(0, taken);
}

void Crowd::step(std::chrono::milliseconds patience) {
    std::array<epoll_event, 512> events;
    const int count = ::epoll_wait(poll_, events.data(), static_cast<int>(events.size()),
                                   static_cast<int>(patience.count()));
    for (int each = 0; each < count; ++each) {
        auto& client = *static_cast<Client*>(events[static_cast<std::size_t>(each)].data.ptr);
        const auto what = events[static_cast<std::size_t>(each)].events;
        if (client.socket < 0) continue;
        if ((what & (EPOLLERR | EPOLLHUP)) != 0 && (what & EPOLLIN) == 0) {
            socklen_t size = sizeof client.lost;
            ::getsockopt(client.socket, SOL_SOCKET, SO_ERROR, &client.lost, &size);
            close(client);
            continue;
        }
        if ((what & EPOLLOUT) != 0) {
            client.is_connected = true;
            flush(client);
        }
        if (client.socket >= 0 && (what & EPOLLIN) != 0) read(client);
    }
}

std::string publish_packet(const std::string& topic, std::string_view payload, mqtt::Qos qos,
                           std::uint16_t id, mqtt::Version version, bool retain) {
    std::string bytes;
    mqtt::encode(
        mqtt::PublishView{.message = {topic, "", payload},
                          .qos = qos,
                          .retain = retain,
                          .packet_id = qos == mqtt::Qos::at_most_once ? std::uint16_t{0} : id},
        version, bytes);
    return bytes;
}

Probe::Probe(std::uint16_t port, const Settings& settings, double per_second)
    : crowd_(port),
      client_(&crowd_.add(199 * 10'000,
                          connect_packet("probe", true, mqtt::Version::v3_1_1, settings))),
      every_(std::chrono::duration_cast<Clock::duration>(
          std::chrono::duration<double>(1 / per_second))),
      due_(Clock::now()),
      sent_(65'536) {
    crowd_.on_frame = [this](Crowd::Client& client, const mqtt::Frame& frame) {
        if (frame.type() == mqtt::PacketType::connack) client.is_accepted = true;
        if (frame.type() != mqtt::PacketType::puback) return;
        times_ms_.push_back(1'000 * seconds_since(sent_[packet_id_of(frame, 0)]));
    };
    while (!client_->is_accepted) crowd_.step(std::chrono::milliseconds(100));
    due_ = Clock::now();
}

void Probe::step() {
    while (Clock::now() >= due_) {
        if (client_->socket < 0) {
            die(std::string("the probe lost its connection: ") +
                (client_->lost == 0 ? "closed by the server" : std::strerror(client_->lost)));
        }
        if (++client_->next_id == 0) client_->next_id = 1;
        sent_[client_->next_id] = due_;  // waiting counts from the moment it was due
        crowd_.send(*client_, publish_packet("probe/1", "0123456789", mqtt::Qos::at_least_once,
                                             client_->next_id, mqtt::Version::v3_1_1));
        due_ += every_;
    }
    crowd_.step(std::chrono::milliseconds(0));
}

std::vector<double> Probe::take() {
    auto all = std::exchange(times_ms_, {});
    std::ranges::sort(all);
    return all;
}

double Probe::take_p99() {
    const auto all = take();
    return all.empty() ? 0
                       : all[static_cast<std::size_t>(static_cast<double>(all.size() - 1) * 0.99)];
}

}  // namespace lineshaft::bench
