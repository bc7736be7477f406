# Excon with one persistent connection for each server, as its documentation describes it for several requests.
require 'excon'
require_relative 'lab_protocol'

connections = {}
serve do |method, url, seconds|
  uri = URI(url)
  connection = connections[[uri.host, uri.port]] ||= Excon.new("#{uri.scheme}://#{uri.host}:#{uri.port}", persistent: true)
  limits = seconds ? { connect_timeout: seconds, read_timeout: seconds, write_timeout: seconds } : {}
  response = connection.request(method: method, path: uri.request_uri, **limits)
  [response.status, response.body]
end
