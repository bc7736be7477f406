require 'faraday'
require_relative 'lab_protocol'

connection = Faraday.new
serve do |method, url, seconds|
  response = connection.run_request(method.downcase.to_sym, url, nil, nil) { |request| request.options.timeout = seconds if seconds }
  [response.status, response.body]
end
