require 'httparty'
require_relative 'lab_protocol'

serve do |method, url, seconds|
  response = HTTParty.public_send(method.downcase, url, seconds ? { timeout: seconds } : {})
  [response.code, response.body]
end
